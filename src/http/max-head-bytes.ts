/**
 * The request line and all headers. A proxy that asks who is logged in passes on all of a site's cookies, mostly; nginx itself takes 32 KiB. A client key may
 * fill 4,096 connections with unfinished heads, so it can hold 128 MiB for as long as a head may take.
 */
export const maxHeadBytes = 32 * 1024
