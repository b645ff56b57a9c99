/** Messages that are looked at, when `imageScope` is wanted, before all that is in them: whose names of images follow. */
export const imageScopes: readonly string[] = ['Container', 'ContainerStatus', 'Image'];
