import t from 'tap'
import { fillHtml, html } from '../../../src/domain/html.ts'

const hostile = '<b a="c">&\'$&{{x}}'
const escaped = "&lt;b a=&quot;c&quot;&gt;&amp;'$&amp;{{x}}"

await t.test('html: texts are escaped, and HTML, lists of it and null are not', async (t) => {
  t.equal(html`<p title="${hostile}">${hostile}</p>`.text, `<p title="${escaped}">${escaped}</p>`)
  t.equal(html`<ul>${[html`<li>${'<'}</li>`, html`<li>b</li>`]}${null}${html`<li>c</li>`}</ul>`.text, '<ul><li>&lt;</li><li>b</li><li>c</li></ul>')
})

await t.test('fillHtml: each name is filled with a text, once, and an unknown one with nothing', async (t) => {
  t.equal(fillHtml('{{a}}-{{b}}-{{a}}', { a: hostile }), `${escaped}--${escaped}`)
})
