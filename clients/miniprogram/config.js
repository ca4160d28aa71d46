/**
 * Where the service is. Everything that differs from one installation to another is here.
 *
 * In production `server` must be https and its domain listed for uploadFile (README.md). Whoever has
 * the mini-program can read `key`: see README.md for what that means.
 */
module.exports = {
  server: 'http://127.0.0.1:5000',
  key: '',
  timeoutMs: 30000,
  // Pictures of more bytes than this are compressed before they are sent.
  compressAboveBytes: 4000000,
}
