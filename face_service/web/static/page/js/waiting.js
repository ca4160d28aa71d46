/** Waits for a service that is starting, or away, and tells when it is there. */

const LONGEST_WAIT_S = 10;
const FIRST_WAIT_S = 1;

/**
 * @param {{ready: () => Promise<object>}} api
 * @param {(ready: boolean) => void} onChange called when it is not ready, and when it is again;
 *   never for a service that is ready at once
 */
export async function watchService(api, onChange) {
  let told = false;
  for (let wait = FIRST_WAIT_S; ; wait = Math.min(2 * wait, LONGEST_WAIT_S)) {
    try {
      await api.ready();
      break;
    } catch (error) {
      if (!told) onChange(false);
      told = true;
      await pause(Math.min(error.retryAfter ?? wait, LONGEST_WAIT_S));
    }
  }
  if (told) onChange(true);
}

const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
