/** The provider's own pages. */
import type { ClientMetadata, KoaContextWithOIDC, errors } from 'oidc-provider'

type Context = KoaContextWithOIDC

export interface ProviderPages {
  /** Asks whether to log out. `form` is the form to submit, with the id `op.logoutForm`. */
  readonly logout: (context: Context, form: string) => void
  readonly loggedOut: (context: Context) => void
  readonly error: (context: Context, out: { readonly error: string, readonly error_description?: string | undefined }, error: Error) => void
  /** Asks for the code that a device shows. */
  readonly userCodeInput: (context: Context, form: string, out?: object, error?: Error | errors.OIDCProviderError) => void
  readonly userCodeConfirm: (context: Context, form: string, client: ClientMetadata | object, deviceInfo: object, userCode: string) => void
  readonly deviceSuccess: (context: Context) => void
}

const show = (context: Context, html: string): void => {
  context.type = 'html'
  context.body = `<!doctype html><meta charset=utf-8>${html}`
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

export const createProviderPages = (): ProviderPages => ({
  logout: (context, form) => { show(context, `${form}<button form="op.logoutForm" name="logout" value="yes">退出登录</button>`) },
  loggedOut: (context) => { show(context, '已退出登录') },
  error: (context, out) => { show(context, `${escapeHtml(out.error)}: ${escapeHtml(out.error_description ?? '')}`) },
  userCodeInput: (context, form) => { show(context, `${form}<button form="op.deviceInputForm">OK</button>`) },
  userCodeConfirm: (context, form) => { show(context, `${form}<button form="op.deviceConfirmForm">OK</button>`) },
  deviceSuccess: (context) => { show(context, 'OK') },
})
