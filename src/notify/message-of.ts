// Owns choosing the kind of message: about one alert or a digest. What each says: beside this file.
import { isDigest, type Notice } from '../core/digest.ts'
import { createMessage, type Message } from './message.ts'
import { createDigestMessage } from './message-digest.ts'
import type { TimeText } from './time-text.ts'

/** What there is to say about a notice; `publicUrl` is where the console is, if anywhere. */
export function createMessageOf(notice: Notice, time: TimeText, publicUrl?: string): Message {
  return isDigest(notice)
    ? createDigestMessage(notice, time, publicUrl)
    : createMessage(notice, time, publicUrl)
}
