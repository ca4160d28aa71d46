/** All texts in Chinese; each view has a file of its own. */

import camera from "./zh/camera.js";
import enrol from "./zh/enrol.js";
import live from "./zh/live.js";
import measures from "./zh/measures.js";
import people from "./zh/people.js";
import problems from "./zh/problems.js";
import shell from "./zh/shell.js";
import threshold from "./zh/threshold.js";
import tryTexts from "./zh/try.js";

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
