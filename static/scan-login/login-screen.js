/** Owns the union of all that the login page can show, and what is shown now: a stage, and the trouble told over it. Draws nothing. */

/** @typedef {{ url: string, linkUrl: string | null, lifeMs: number, leftMs: number }} Code A loaded picture and its time, as they were when first shown. */
/** @typedef {'wechat' | 'crowded' | 'too-often' | 'unreachable'} NoCodeReason */
/** @typedef {'waiting' | 'cancelled' | 'late'} CodeStage A live code; the last two tell why it is a new one. */
/**
 * @typedef {{ name: 'making' } | { name: CodeStage, code: Code } | { name: 'scanned', number: string | null } | { name: 'confirmed', person: string | null }
 *   | { name: 'another', user: import('./ticket-api.js').User } | { name: 'logging-in' } | { name: 'expired', code: Code | null } | { name: 'no-code', why: NoCodeReason, retryMs: number }} Stage
 */
/** @typedef {'offline' | 'busy'} Trouble */
/** @typedef {Stage | { name: Trouble, over: Stage }} View */

/** The stage of a view, whatever trouble is told over it. @param {View} view @returns {Stage} */
export const stageOf = (view) => 'over' in view ? view.over : view

/** The code on a stage while it can be scanned, else null. @param {Stage} stage @returns {Code | null} */
export const liveCodeOn = (stage) => 'code' in stage && stage.name !== 'expired' ? stage.code : null

/** Makes the screen of one login; `show` hears each change once. @param {(view: View) => void} show */
export const createScreen = (show) => {
  /** @type {{ stage: Stage, trouble: Trouble | null }} */
  const now = { stage: { name: 'making' }, trouble: null }
  const draw = () => { show(now.trouble === null ? now.stage : { name: now.trouble, over: now.stage }) }
  /** @param {Stage} stage */
  const set = (stage) => {
    now.stage = stage
    draw()
  }
  /** Tells whether that is news. @param {Trouble | null} trouble */
  const tell = (trouble) => {
    if (trouble === now.trouble) return false
    now.trouble = trouble
    draw()
    return true
  }
  return {
    stage: () => now.stage,
    /** Whether this picture is the live code on the stage. @param {string} url */
    isShowing: (url) => liveCodeOn(now.stage)?.url === url,
    set,
    tell,
    /** Leaves the dead code where it is, for nobody looks. */
    expire: () => {
      now.trouble = null
      set({ name: 'expired', code: 'code' in now.stage ? now.stage.code : null })
    },
  }
}
