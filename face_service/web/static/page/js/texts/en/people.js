/** The texts of this view, each key beginning with "people.". */

export default {};
