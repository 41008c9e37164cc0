import t from 'tap'
import '../support/miniprogram.ts'

const { isCameraScene, ticketFromPath, ticketFromScene } = await import('../../miniprogram/utils/scene.ts')

const ticket = 'AbCd-fGhIj_lMnOpQrSt12'

await t.test('ticketFromScene: it returns the ticket when the scene holds one, encoded or not', async (t) => {
  t.equal(ticketFromScene(ticket), ticket)
  t.equal(ticketFromScene('AbCd%2DfGhIj%5FlMnOpQrSt12'), ticket)
})

await t.test('ticketFromScene: it returns undefined when the scene is anything else', async (t) => {
  const bad = [
    undefined, null, 47, {}, [ticket], '', '%', '%E0%A4%A', `${ticket}%`, ticket.slice(1), `${ticket}x`, ` ${ticket}`, `${ticket}\n`, `${ticket}%0A`,
    'AbCd-fGhIj_lMnOpQrSt1=', 'AbCd-fGhIj_lMnOpQrSt1/', 'AbCd-fGhIj_lMnOpQrSt1微', `scene=${ticket}`, 'AbCd%252DfGhIj%255FlMnOpQrSt12', '../../../api/session/t',
  ]
  for (const scene of bad) t.equal(ticketFromScene(scene), undefined, String(scene))
})

await t.test('ticketFromPath: it returns the ticket when the path is that of a code, in both forms that WeChat uses', async (t) => {
  for (const path of [
    `pages/login/login?scene=${ticket}`,
    `/pages/login/login?scene=${ticket}`,
    `pages/login/login.html?scene=${ticket}`,
    'pages/login/login?scene=AbCd%2DfGhIj%5FlMnOpQrSt12',
    `pages/login/login?from=x&scene=${ticket}&y=`,
    `pages/login/login?scene=${ticket}#top`,
  ]) t.equal(ticketFromPath(path), ticket, path)
})

await t.test('ticketFromPath: it returns undefined when the path is any other', async (t) => {
  for (const path of [
    undefined, '', ticket, `pages/index/index?scene=${ticket}`, `https://evil.example/pages/login/login?scene=${ticket}`, 'pages/login/login',
    'pages/login/login?', 'pages/login/login?scene=', 'pages/login/login?scene=%', `pages/login/login?xscene=${ticket}`, `pages/login/login#?scene=${ticket}`,
    `//pages/login/login?scene=${ticket}`, `pages/login/login/x?scene=${ticket}`, `pages/login/login?scene=short&scene=${ticket}`,
  ]) t.equal(ticketFromPath(path), undefined, String(path))
})

await t.test('E12 isCameraScene: it returns true when a code was scanned with the camera, false for a picture, a link, a card, a reopening and unknown numbers', async (t) => {
  for (const scene of [1011, 1047]) t.equal(isCameraScene(scene), true, String(scene))
  for (const scene of [
    1007, 1008, 1012, 1013, 1036, 1037, 1038, 1044, 1048, 1049, 1065, 1096, 1154, 1155, 1167, 1194, 1286, 0, -1, NaN, 104_700,
    1001, 1023, 1089, 1090, 1103, 1104, 1131,
  ]) t.equal(isCameraScene(scene), false, String(scene))
})
