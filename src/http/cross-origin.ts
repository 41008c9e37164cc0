/** What all our CORS answers have in common. */
export const corsOptions = {
  methods: ['GET', 'HEAD', 'POST', 'DELETE'],
  exposedHeaders: ['retry-after'],
  maxAge: 600,
  strictPreflight: false, // its refusal would be plain text instead of a problem
}
