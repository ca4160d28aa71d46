/** All texts in English; each view has a file of its own. */

import camera from "./en/camera.js";
import enrol from "./en/enrol.js";
import live from "./en/live.js";
import measures from "./en/measures.js";
import people from "./en/people.js";
import problems from "./en/problems.js";
import shell from "./en/shell.js";
import threshold from "./en/threshold.js";
import tryTexts from "./en/try.js";

export default {
  ...shell,
  ...problems,
  ...camera,
  ...measures,
  ...tryTexts,
  ...enrol,
  ...people,
  ...threshold,
  ...live,
};
