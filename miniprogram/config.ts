/** The only thing that an operator has to set: the address of the service, its PUBLIC_URL without a slash at the end. */
export const serviceUrl = 'https://login.example.com'
