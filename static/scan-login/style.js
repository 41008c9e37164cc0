/**
 * The element's style, as text: for a constructed style sheet, which no page's Content Security Policy forbids, and in browsers without those for a <style>,
 * whose hash is in the policy of our own pages. Both themes consist of properties that a site may set; only the background of the code is always white.
 */

/** Used twice below: for `theme="dark"`, and if the visitor's system asks for dark. */
const dark = `
  color-scheme: dark;
  --ink: var(--scan-login-ink, #eef0f2); --on-ink: var(--scan-login-on-ink, #1a1d21); --press: var(--scan-login-press, #cfd4da); --soft: var(--scan-login-soft, #a5adb7);
  --faint: var(--scan-login-faint, var(--tint, #272b31)); --edge: var(--scan-login-edge, #3a4048); --sheet: var(--scan-login-sheet, #1a1d21);
  --good: var(--scan-login-good, #5fd29b); --warn: var(--scan-login-warn, #ecb953);
`

export const style = `
:host {
  color-scheme: light;
  --ink: var(--scan-login-ink, #171a1e); --on-ink: var(--scan-login-on-ink, #fff); --press: var(--scan-login-press, #333a42); --soft: var(--scan-login-soft, #5a626c);
  --faint: var(--scan-login-faint, var(--tint, #eceef0)); --edge: var(--scan-login-edge, #d3d7dc); --sheet: var(--scan-login-sheet, #fff);
  --good: var(--scan-login-good, #12754a); --warn: var(--scan-login-warn, #d98e04);
  --radius: var(--scan-login-radius, 26px); --size: var(--scan-login-size, 240px);
  display: block; width: max(312px, 18.353em); max-width: 100%; margin-left: auto; margin-right: auto; color: var(--ink); text-align: center;
  /* Larger with the visitor's or the page's text, and never smaller where a page's rem is 10 px. */
  font: var(--scan-login-font-size, max(17px, 1.0625rem))/1.5 var(--scan-login-font, system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif);
}
:host([hidden]), [hidden] { display: none !important; }
:host([compact]) { --size: var(--scan-login-size, 184px); width: max(240px, 16em); font-size: var(--scan-login-font-size, max(15px, .9375rem)); }
@supports (color: color-mix(in srgb, red 8%, blue)) { :host { --tint: color-mix(in srgb, currentcolor 8%, transparent); } }
:host([theme="dark"]) {${dark}}
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) {${dark}} }
* { box-sizing: border-box; margin: 0; }
::slotted(*) { margin-top: 0; margin-bottom: 0; }

.stage { position: relative; width: var(--size); height: var(--size); margin: 24px auto 20px; }
:host([compact]) .stage { margin: 12px auto; }
.layer { position: absolute; top: 0; right: 0; bottom: 0; left: 0; display: grid; place-content: center; justify-items: center; border-radius: var(--radius); animation: appear .2s ease-out; }
.layer.leaving { animation: appear .2s ease-in reverse forwards; pointer-events: none; }
@keyframes appear { from { opacity: 0; } }
[data-stage="making"], [data-stage="no-code"], [data-stage="expired"], [data-stage="refused"] { background: var(--faint); }
svg { height: auto; }
.skeleton { width: var(--size); fill: none; stroke: var(--edge); stroke-width: 10; stroke-linecap: round; stroke-linejoin: round; animation: breathe 1.6s ease-in-out .4s infinite; }
@keyframes breathe { 50% { opacity: .45; } }
.paper { position: absolute; top: 0; right: 0; bottom: 0; left: 0; display: grid; place-content: center; border-radius: var(--radius); background: #fff; }
.paper::after { content: ""; position: absolute; top: 0; right: 0; bottom: 0; left: 0; border: 2px solid #e8eaed; border-radius: inherit; pointer-events: none; }
.code-image { display: block; width: calc(var(--size) * .8667); height: auto; -webkit-touch-callout: default; }
.dim { opacity: .14; }
.dim::after { display: none; }
[data-stage="expired"] .main, [data-stage="refused"] .main { min-width: calc(var(--size) * .8); }
[data-stage="expired"] .main::after, [data-stage="refused"] .main::after { content: ""; position: absolute; top: calc(26px - var(--size) / 2); right: calc(var(--size) * -.1); bottom: calc(26px - var(--size) / 2); left: calc(var(--size) * -.1); }
.ring { position: absolute; top: 0; left: 0; width: 100%; height: 100%; z-index: 1; fill: none; stroke: #b4bbc4; stroke-width: 2; stroke-dasharray: 1; pointer-events: none; }
.ring.ending { stroke: #5a626c; }
.number {
  width: var(--size); height: calc(var(--size) * .7); display: grid; place-content: center; border-radius: var(--radius); background: var(--faint);
  font-size: calc(var(--size) * .4); line-height: 1; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: .04em; text-indent: .04em;
  -webkit-mask: radial-gradient(circle at 0 50%, #0000 13px, #000 14px) 0 / 51% 100% no-repeat, radial-gradient(circle at 100% 50%, #0000 13px, #000 14px) 100% / 51% 100% no-repeat;
  mask: radial-gradient(circle at 0 50%, #0000 13px, #000 14px) 0 / 51% 100% no-repeat, radial-gradient(circle at 100% 50%, #0000 13px, #000 14px) 100% / 51% 100% no-repeat;
}
.icon { width: calc(var(--size) * .4); fill: none; stroke: currentcolor; stroke-width: 5; stroke-linecap: round; stroke-linejoin: round; }
.check { width: calc(var(--size) * .5); color: var(--good); }
.check * { stroke-dasharray: 1; animation: draw .35s ease-out backwards; }
.check path { animation-delay: .2s; }
@keyframes draw { from { stroke-dashoffset: 1; } }
.wait { fill: currentcolor; stroke: none; animation: breathe 1.6s ease-in-out infinite; }
[data-stage="no-code"] .skeleton { opacity: .4; animation: none; }
.late { visibility: hidden; animation: come-late 0s 10s forwards; }
@keyframes come-late { to { visibility: visible; } }
[data-stage="confirmed"] { align-content: end; }
.person { max-width: var(--size); margin-top: 16px; font-size: 1.294em; line-height: 1.4; font-weight: 600; overflow-wrap: break-word; overflow-wrap: anywhere; }
.person:empty { display: none; }

.say { min-height: max(124px, 7.294em); text-wrap: balance; }
.say.with-actions { min-height: max(212px, 12.471em); }
:host([compact]) .say, :host([compact]) .say.with-actions { min-height: max(144px, 9.6em); }
.line { font-weight: 600; }
.line.good { color: var(--good); }
.trouble { position: relative; display: table; margin: 4px auto 0; padding-left: 16px; font-size: .8235em; text-align: start; }
.trouble:empty { display: none; }
.trouble::before { content: ""; position: absolute; top: .5em; left: 0; width: 8px; height: 8px; border-radius: 50%; background: var(--warn); }
.line, .help, .trouble { word-break: keep-all; overflow-wrap: break-word; overflow-wrap: anywhere; }
.help { margin-top: 4px; font-size: .8235em; color: var(--soft); }
.steps { display: table; margin-left: auto; margin-right: auto; text-align: start; text-wrap: wrap; }
.steps span { display: block; padding-left: 1.6em; text-indent: -1.6em; }
.steps:lang(en) span { padding-left: .85em; text-indent: -.85em; }
.hint:empty { display: none; }
.hint { max-width: var(--size); font-size: .8235em; color: var(--soft); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.actions { display: grid; justify-items: center; gap: 4px; margin-top: 4px; }
.actions .main { width: var(--size); margin-top: 12px; }
/* The stage shows the whole name. One row each for line and buttons keeps the element's size. */
.asking .line { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
/* Away from the button, into the room that the name leaves above. */
.asking .line, .asking .help { position: relative; top: -12px; }
.asking .actions { grid-auto-flow: column; justify-content: center; gap: 8px; }
.asking .actions .main { width: auto; min-height: 44px; margin: 0; padding: 0 16px; }
.over { visibility: hidden; }
footer { display: flex; justify-content: space-between; margin: 0 -12px; }
:host([compact]) footer, :host([compact]) .say.troubled .help, :host([compact]) .of-code { display: none; }

button, select, .main { min-height: 44px; padding: 0 12px; border: 0; border-radius: 12px; background: none; color: inherit; font: inherit; cursor: pointer; }
.quiet { font-size: .8235em; color: var(--soft); }
.quiet:hover { color: var(--ink); }
select { width: 100%; field-sizing: content; padding-inline-end: 30px; -webkit-appearance: none; -moz-appearance: none; appearance: none; }
.switch { position: relative; }
.switch::after { content: ""; position: absolute; top: 0; right: 14px; bottom: 5px; width: 7px; height: 7px; margin: auto 0; border: solid currentcolor; border-width: 0 1.5px 1.5px 0; transform: rotate(45deg); pointer-events: none; }
option { background: var(--sheet); color: var(--ink); }
.main { position: relative; min-height: 52px; padding: .4em 24px; display: inline-grid; place-content: center; background: var(--scan-login-accent, var(--ink)); color: var(--scan-login-on-accent, var(--on-ink)); font-weight: 600; text-decoration: none; }
.main:hover { background: var(--scan-login-accent, var(--press)); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
.dialog { width: 328px; max-width: calc(100% - 32px); margin: auto; padding: 28px 24px 24px; border: 0; border-radius: 24px; background: var(--sheet); color: var(--ink); text-align: start; box-shadow: 0 12px 40px #00000040; }
dialog::backdrop { background: #0000008c; }
.veil { position: fixed; top: 0; right: 0; bottom: 0; left: 0; z-index: 2; display: grid; background: #0000008c; }
h2 { font-size: 1em; font-weight: 600; }
.dialog p { margin-top: 16px; font-weight: 600; }
.dialog h2, .dialog p, li { text-wrap: balance; }
.dialog h2:lang(zh), .dialog p:lang(zh), li:lang(zh) { word-break: keep-all; overflow-wrap: break-word; overflow-wrap: anywhere; }
ol { padding: 0; list-style: none; counter-reset: step; }
li { position: relative; margin-top: 12px; padding-left: 1.882em; }
li::before { counter-increment: step; content: counter(step); position: absolute; top: .25em; left: 0; width: 1.667em; height: 1.667em; border-radius: 50%; background: var(--ink); color: var(--sheet); font-size: .7059em; line-height: 1.667em; font-weight: 600; text-align: center; }
.dialog, .veil { animation: appear .15s ease-out; }
/* On a low screen the text scrolls below the button, and never shows beside it. */
.dialog .main { position: sticky; bottom: 0; width: 100%; margin-top: 24px; box-shadow: 0 0 0 24px var(--sheet); }

/* Where the line needs two rows, trouble must not move what is below. */
@media (max-width: 340px) { .say { min-height: max(150px, 8.824em); } }
@media (prefers-reduced-motion: reduce) {
  .layer, .skeleton, .wait, .check *, .dialog, .veil { animation: none; }
  .layer.leaving { display: none; }
}
@media (forced-colors: active) {
  .paper { forced-color-adjust: none; }
  .main { border: 2px solid; }
}
`
