/** Owns the one thing an operator sets: where the service is (its PUBLIC_URL, without a slash at the end). */
export const serviceUrl = 'https://login.example.com'
