/** What all pages share: the one service, and the words of the phone's language. */
import { serviceUrl } from '../config'
import { wxPlatform } from './platform'
import { createService } from './service'
import { language } from './wechat'
import { wordsFor } from './words'

export const service = createService(wxPlatform, serviceUrl)
export const words = wordsFor(language)

/** The service's host, which a person can compare with the address of the login page. */
export const host = serviceUrl.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
