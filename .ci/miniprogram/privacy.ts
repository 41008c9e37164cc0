// Checks that no interface is used for which WeChat shows a privacy dialog.
// The list is WeChat's ("content of the privacy guide"); wx.login, wx.request, wx.scanCode and storage are not on it.
import ts from 'typescript'
import { filesOf, textOf } from './files.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'

const inScripts = new Map([
  ['nickname and avatar', ['getUserInfo', 'getUserProfile']],
  ['location', ['getLocation', 'getFuzzyLocation', 'chooseLocation', 'choosePoi', 'startLocationUpdate', 'startLocationUpdateBackground', 'onLocationChange']],
  ['clipboard', ['getClipboardData', 'setClipboardData']],
  ['photos, videos and files', ['chooseImage', 'chooseMedia', 'chooseVideo', 'chooseMessageFile', 'saveImageToPhotosAlbum', 'saveVideoToPhotosAlbum']],
  ['camera', ['createCameraContext', 'createVKSession', 'createLivePusherContext']],
  ['microphone', ['startRecord', 'getRecorderManager', 'joinVoIPChat']],
  ['address, invoice and car', ['chooseAddress', 'chooseInvoice', 'chooseInvoiceTitle', 'chooseLicensePlate']],
  ['address book and calendar', ['addPhoneContact', 'chooseContact', 'addPhoneCalendar', 'addPhoneRepeatCalendar']],
  ['steps', ['getWeRunData']],
  ['bluetooth', ['openBluetoothAdapter', 'createBLEPeripheralServer']],
  ['movement', ['startAccelerometer', 'startCompass', 'startDeviceMotionListening', 'startGyroscope']],
  ['consent itself', ['authorize', 'requirePrivacyAuthorize', 'openPrivacyContract']],
])

/** Tags, and values of `open-type` and of an input's `type`. */
const inTemplates = new Map([
  ['nickname and avatar', ['chooseAvatar', 'getUserInfo', 'nickname', 'userInfo']],
  ['phone number', ['getPhoneNumber', 'getRealtimePhoneNumber']],
  ['camera and microphone', ['camera', 'live-pusher', 'voip-room']],
  ['consent itself', ['agreePrivacyAuthorization']],
])

export const checkPrivacy = (folder: string): readonly Problem[] => filesOf(folder).flatMap((file) => {
  if (file.endsWith('.ts')) return scriptProblems(file, textOf(folder, file))
  return file.endsWith('.wxml') ? templateProblems(file, textOf(folder, file)) : []
})

/** Reports any mention of a name: `wx` may have another name in the script, or be destructured. */
const scriptProblems = (file: string, text: string): readonly Problem[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2020, true)
  const problems: Problem[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) problems.push(...problemsWith(inScripts, node.text, file, text, node.getStart()))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return problems
}

const templateProblems = (file: string, text: string): readonly Problem[] =>
  [...text.replace(/<!--.*?-->/gs, (comment) => ' '.repeat(comment.length)).matchAll(/(?:<|\b(?:open-)?type\s*=\s*["']?)([\w-]+)/g)]
    .flatMap(({ 1: name = '', index }) => problemsWith(inTemplates, name, file, text, index))

const problemsWith = (interfaces: ReadonlyMap<string, readonly string[]>, name: string, file: string, text: string, offset: number): readonly Problem[] =>
  [...interfaces]
    .filter(([, names]) => names.includes(name))
    .map(([subject]) => problemAt(file, text, offset, `"${name}" opens a privacy dialog: ${subject}`))
