/** What an answer says, and who says it: a proxy, a router without a backend or a captive portal may answer in the service's place, in HTML, in JSON, or with nothing. */

/** @typedef {{ [name: string]: unknown }} Body */

/** Reads the body; empty if it is no JSON object. @param {Response} response @returns {Promise<Body>} */
export const jsonOf = async (response) => {
  const body = await response.json().catch(() => null)
  return typeof body === 'object' && body !== null ? body : {}
}

/** The code of the service's own problem, else ''. Only such a problem tells what became of a ticket or a session. @param {Response} response @param {Body} body */
export const problemCodeOf = ({ ok, headers }, { code }) =>
  !ok && typeof code === 'string' && /^application\/problem\+json\b/i.test(headers.get('Content-Type') ?? '') ? code : ''

/** Who is logged in, below `api/`. Nobody is a 200, too: Chromium drops its password for a proxy (HTTP Basic) at any 401. */
export const optionalSession = 'session?optional=true'

/** Whether the body of a good answer to that says that nobody is logged in. @param {Body} body */
export const isNobody = ({ user, session }) => user === null && session === null
