/** What a device is, by the name of its system: where the service doesn't tell, as in the list of logins. A tablet counts as a computer. */
export const isPhoneSystem = (system: string): boolean => /^(?:iOS|Android|HarmonyOS)\b/.test(system)
