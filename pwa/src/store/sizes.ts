// Characters of one field, as the centre takes them.
export const SHORT = 500;
export const LONG = 4000;
export const LONGEST_WORD = 1000; // of a message left for the centre
