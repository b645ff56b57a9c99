/** The largest message taken or sent, in bytes. The kubelet itself takes 16 MiB (remote_runtime.go, maxMsgSize). */
export const MAX_MESSAGE = 64 * 1024 * 1024;
