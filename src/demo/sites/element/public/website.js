// The page: a login while nobody is logged in here, and who it is afterwards. What the visitor sees; what counts is decided by the backend.
const words = {
  'zh-CN': {
    title: '放了登录元素的网站',
    loggedIn: '你在这个网站已登录：',
    logOut: '退出登录',
    failed: '这个网站没能登录，请刷新网页再试。',
    how: '放进你的网站：复制 src/demo/sites/element 这个目录，再把你的 origin 写进 ALLOWED_ORIGINS。',
    readme: 'README：接入你的网站',
  },
  'zh-Hant': {
    title: '放了登入元素的網站',
    loggedIn: '你在這個網站已登入：',
    logOut: '登出',
    failed: '這個網站沒能登入，請重新整理網頁再試。',
    how: '放進你的網站：複製 src/demo/sites/element 這個目錄，再把你的 origin 寫進 ALLOWED_ORIGINS。',
    readme: 'README：接入你的網站（簡體）',
  },
  en: {
    title: 'A website with the element in it',
    loggedIn: 'You are logged in on this website: ',
    logOut: 'Log out',
    failed: "This website couldn't log you in. Reload the page to try again.",
    how: 'In your own website: copy the folder src/demo/sites/element, and put your origin into ALLOWED_ORIGINS.',
    readme: 'README: Into your website',
  },
}
const { language: asked } = navigator
const language = /^zh-(?:hant|tw|hk|mo)/i.test(asked) ? 'zh-Hant' : /^zh/i.test(asked) ? 'zh-CN' : 'en'
const say = words[language]
const part = (id) => document.getElementById(id)

const logIn = async (event) => {
  event.preventDefault() // this page goes on by itself. Otherwise the element would repeat the login for a page that comes at once, also after a log-out
  const { detail } = event
  const { ok } = await fetch('/session', { method: 'POST', headers: { authorization: `Bearer ${detail.accessToken}` } })
  if (ok) location.reload()
  else part('who').textContent = say.failed
}

const logOut = async () => {
  await fetch('/session', { method: 'DELETE' })
  location.reload()
}

document.documentElement.lang = language
document.title = say.title
for (const id of ['title', 'how', 'readme']) part(id).textContent = say[id]
if (language !== 'en') part('readme').href = part('readme').href.replace(/README\.md$/, 'README.zh-CN.md')
part('log-out').textContent = say.logOut
part('log-out').addEventListener('click', logOut)

const show = async () => {
  const session = await fetch('/session')
  if (session.ok) {
    part('who').textContent = say.loggedIn + (await session.json()).sub
    part('log-out').hidden = false
  } else {
    const element = document.createElement('scan-login')
    element.addEventListener('login', logIn)
    part('login').append(element)
  }
}
show()
