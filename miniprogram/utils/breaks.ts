/** Lets a line break before the dots of a host, as in an address: else a long one is cut anywhere, and may end in another's name. */
export const breakAtDots = (text: string): string => text.replace(/(\S)(?=\.\S)/g, '$1\u200b')
