/** The kubelet was left alone, and a person can do the missing steps by hand. */
export const LEFT_ALONE = 3;

/** Pods of other runtimes would be left behind. */
export const PODS_LEFT = 4;

/** A step failed, and going back did too. */
export const HALFWAY = 5;
