/** What the login shows, as data: a stage (the square in the middle of the card), and trouble reported beside it. */

/** @typedef {{ url: string, linkUrl: string | null, lifeMs: number, leftMs: number }} CodePicture A loaded picture; `leftMs` is the time left when it was first shown. */
/** @typedef {'wechat' | 'crowded' | 'too-often' | 'unreachable'} NoCodeReason */
/** @typedef {'person-blocked' | 'person-waiting' | 'person-unknown'} Refusal Why a person may not log in, as the service's code says. */
/** @typedef {'waiting' | 'cancelled' | 'late'} CodeStage A code that can be scanned; the last two say what became of the one before. */
/**
 * @typedef {{ name: 'making' } | { name: CodeStage, code: CodePicture } | { name: 'scanned', number: string | null } | { name: 'confirmed', person: string | null }
 *   | { name: 'another', user: import('./ticket-api.js').User } | { name: 'logging-in' } | { name: 'refused', why: Refusal } | { name: 'expired', code: CodePicture | null } | { name: 'too-late', app: import('./ticket-api.js').WaitingApp | null } | { name: 'no-code', why: NoCodeReason, retryMs: number }} Stage
 */
/** @typedef {'offline' | 'busy'} Trouble */
/** @typedef {Stage | { name: Trouble, stage: Stage }} View */
/** @typedef {ReturnType<typeof createViewState>} ViewState */

/** The stage of a view, with or without trouble. @param {View} view @returns {Stage} */
export const stageOf = (view) => 'stage' in view ? view.stage : view

/** The code on a stage while it can be scanned, else null. @param {Stage} stage @returns {CodePicture | null} */
export const liveCodeOn = (stage) => 'code' in stage && stage.name !== 'expired' ? stage.code : null

/** Makes the state of one login; calls `show` with each new view. @param {(view: View) => void} show */
export const createViewState = (show) => {
  /** @type {{ stage: Stage, trouble: Trouble | null }} */
  const now = { stage: { name: 'making' }, trouble: null }
  const emit = () => { show(now.trouble === null ? now.stage : { name: now.trouble, stage: now.stage }) }
  /** @param {Stage} stage */
  const set = (stage) => {
    now.stage = stage
    emit()
  }
  /** Returns whether that is a change. @param {Trouble | null} trouble */
  const setTrouble = (trouble) => {
    if (trouble === now.trouble) return false
    now.trouble = trouble
    emit()
    return true
  }
  return {
    stage: () => now.stage,
    /** Whether this picture is shown and can be scanned. @param {string} url */
    isShowing: (url) => liveCodeOn(now.stage)?.url === url,
    set,
    setTrouble,
    /** Leaves an expired code, if there is one, on the stage, to be dimmed. */
    expire: () => {
      now.trouble = null
      set({ name: 'expired', code: 'code' in now.stage ? now.stage.code : null })
    },
  }
}
