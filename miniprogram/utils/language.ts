/** Whether a language tag of any form (`zh_TW`, `zh-Hant`) stands for traditional Chinese: by its script, else by the regions that write it. */
export const isTraditionalChinese = (language: string): boolean =>
  /^zh/i.test(language) && /[_-](?:hant|tw|hk|mo)\b/i.test(language) && !/hans/i.test(language)
