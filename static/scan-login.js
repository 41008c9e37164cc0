/** Defines `<scan-login>`. The service sends this file bundled with everything that it imports. */
import { ScanLoginElement } from './scan-login/element.js'

ScanLoginElement.defaultServer = new URL('.', import.meta.url).href
if (customElements.get('scan-login') === undefined) customElements.define('scan-login', ScanLoginElement)

export { ScanLoginElement }
