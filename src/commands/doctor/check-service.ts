/** Whether the service that runs on this machine is that of these settings and keys. */
import { settingNames } from '../../config.ts'
import { settingMarks } from '../../domain/doctor-proof.ts'
import { ownVersion } from '../../version.ts'
import { readDoctorKey } from './ask-doctor.ts'
import { askService, type ServiceAnswer } from './ask-service.ts'
import type { Check, CheckContext } from './context.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'

export const checkService: Check = async (context) => {
  const service = await askService(context)
  return service.state === 'found' ? aboutFound(service, context) : [aboutMissing(service, context)]
}

type Missing = Exclude<ServiceAnswer, { state: 'found' }>

const aboutMissing = (service: Missing, { config }: CheckContext): Finding => {
  switch (service.state) {
    case 'no-port':
      return warning('service-port-random', 'PORT is 0: every start listens on another port, which neither a proxy nor the doctor can know', 'set a PORT, such as PORT=3000, and restart the service')
    case 'no-keys':
      return notChecked(`which service runs: the doctor can't read ${config.KEYS_FILE}, with which it shows who it is`)
    case 'limited':
      return notChecked(`which service runs: ${service.url} has counted too many wrong calls from this machine. Run the doctor again in a minute`)
    case 'silent':
      return service.isTaken
        ? failure('service-not-running', `something has the port of ${service.url} and gives no answer: ${service.error}`,
          'see what it is with "ss -ltnp". If it is the service, it hangs: read its log, and restart it. If it is another program, stop that, or give the service another PORT and name that in the proxy')
        : failure('service-not-running', `nothing answers at ${service.url}: ${service.error}`,
          'start the service (npm start, or systemctl start scan-login) and read its log if it stops again. If it runs, its HOST or PORT is another than the doctor\'s: run the doctor with the settings of the service')
    case 'other-program':
      return failure('service-other-program', `another program answers at ${service.url}, with status ${service.status}`,
        'see who has the port with "ss -ltnp", and stop that program, or give the service another PORT and name that in the proxy')
    case 'other-path':
      return failure('service-settings-changed', `the service that answers at ${new URL(service.url).origin} isn't below ${config.basePath === '' ? '/' : config.basePath}, the path of PUBLIC_URL (${config.PUBLIC_URL})`,
        'restart the service if you have changed PUBLIC_URL, otherwise run the doctor with the settings of the service')
    case 'other-keys':
      return failure('service-other-keys', `the service at ${service.url} doesn't know the keys in ${config.KEYS_FILE}`,
        'restart the service if you have replaced the file or come from a release before 0.2.0. Otherwise run the doctor in the folder of the service, with its KEYS_FILE. The same is seen where the clocks of the doctor and of the store differ by more than a minute')
  }
}

const aboutFound = ({ url, told }: Extract<ServiceAnswer, { state: 'found' }>, context: CheckContext): readonly Finding[] => {
  const findings: Finding[] = []
  const version = ownVersion()
  if (told.version !== version) {
    findings.push(warning('service-other-version', `the service that runs is version ${told.version}, the doctor is version ${version}`, 'restart the service, so that the release that is installed runs'))
  }
  const changed = changedSettings(told.settings, context)
  if (changed.length > 0) {
    findings.push(warning('service-settings-changed', `the service was started with another ${changed.join(', ')} than the doctor reads`,
      `restart the service: ${changed.join(', ')} ${changed.length === 1 ? 'has' : 'have'} changed. If not, the doctor has another environment than the service: give it the same variables, and run it in the same folder`))
  }
  const { uid, gid } = told.user
  const own = process.getuid?.() ?? null
  if (uid !== null && own !== null && uid !== own) {
    findings.push(warning('service-other-user', `the service runs as user ${uid} (group ${gid}) and the doctor as user ${own}: what it says about files and folders holds for user ${own}`,
      `sudo -u '#${uid}' npm run doctor (with a build: sudo -u '#${uid}' node doctor.js; with Docker: docker exec -u ${uid} scan-login node doctor.js)`))
  }
  return [ok(`it answers at ${url}, knows the keys in ${context.config.KEYS_FILE}, and runs as ${uid === null ? 'the user who started it' : `user ${uid}`}`),
    ...findings.length === 0 ? [ok(`it is version ${version}, and was started with the settings that the doctor reads`)] : findings]
}

/** The settings whose values differ; of those alone that both know, as one may be a later release. */
const changedSettings = (marks: Readonly<Record<string, string>>, context: CheckContext): readonly string[] => {
  const key = readDoctorKey(context)
  const own = key === null ? {} : settingMarks(key, context.config, settingNames)
  return settingNames.filter((name) => marks[name] !== undefined && own[name] !== undefined && marks[name] !== own[name])
}
