/** The texts of this view, each key beginning with "try.". */

export default {};
