/** Said where somebody reads the database while something is taken out of it. */
export const stillThere =
  'What was deleted is not out of the files of the log yet, because somebody is reading it. It is tried again at each start of the agent and by each command that writes the log.';
