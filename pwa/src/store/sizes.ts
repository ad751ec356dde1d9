// Characters of one field, as the centre takes them.
export const SHORT = 500;
export const LONG = 4000;
