/** Starts the mini program. What pages share is in utils/here. */
App({})
