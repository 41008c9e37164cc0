/** The person of the first phone, in Chinese and in English: the owner of the demo's site. */
export const firstPeople = { zh: '小明', en: 'Alex' } as const
