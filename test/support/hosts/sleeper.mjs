/** A process that does nothing, to its end. */
setInterval(() => undefined, 1000);
