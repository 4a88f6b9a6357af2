export {
  decodeGone,
  decodeHello,
  decodeWelcome,
  encodeEnd,
  encodeGone,
  encodeHello,
  encodePiece,
  encodeWelcome,
  FrameKind,
  type Gone,
  type GroupMember,
  type Hello,
  Lane,
  openFrame,
  type Welcome
} from './frame.js'
export { FrameAssembler } from './frame-assembler.js'
export { MalformedFrameError } from './malformed-frame-error.js'
export { recordBytesMax } from './message-record.js'
export { FRAME_BYTES_MAX, packFrames } from './pack-frames.js'
