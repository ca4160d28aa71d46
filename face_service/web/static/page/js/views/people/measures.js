/** The measures of a sample, held against what the enrolment gate asks for. */

/**
 * @param {Record<string, number>} quality as it was recorded at the enrolment; {} of an embedding
 * @param {Record<string, number>|null} limits the gate's; null while unknown: then all is good
 * @returns {{name: string, value: number, good: boolean}[]}
 */
export function measuresOf(quality, limits) {
  if (quality.pixels === undefined) return [];
  const within = (test) => !limits || test(limits);
  const angles = ["yaw", "pitch", "roll"].map((name) => Math.abs(quality[name] ?? 0));
  const [yaw, pitch, roll] = angles;
  return [
    {
      name: "pixels",
      value: Math.round(quality.pixels),
      good: within(({ min_pixels: least }) => quality.pixels >= least),
    },
    {
      name: "sharpness",
      value: Math.round(quality.sharpness),
      good: within(({ min_sharpness: least }) => quality.sharpness >= least),
    },
    {
      name: "brightness",
      value: Math.round(quality.brightness),
      good: within(
        ({ min_brightness: least, max_brightness: most }) =>
          quality.brightness >= least && quality.brightness <= most,
      ),
    },
    {
      name: "angle",
      value: Math.round(Math.max(...angles)),
      good: within((most) => yaw <= most.max_yaw && pitch <= most.max_pitch && roll <= most.max_roll),
    },
  ];
}
