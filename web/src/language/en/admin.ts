/** The page of the server, for operators. */

export const admin = {
  title: "Server",
  lead: "What all processes behind this address do now.",
  waiting: "Looking at the server …",
  live: "Updated every 2 seconds.",
  away: "Not connected. Trying again …",
  figures: {
    connections: "Connections",
    documents: "Open documents",
    edits: "Edits per second",
    messages: "Messages per second",
    waiting: "Waits for readers",
    lagging: "Readers behind",
    cut: "Readers cut off",
    processes: "Processes",
  },
  slowest: "Connections, slowest first",
  busiest: "Documents with the most people",
  largest: "Largest documents",
  errors: "Refused messages since the start",
  processes: "Processes",
  nobody: "Not signed in",
  noConnections: "Nobody is connected.",
  noDocuments: "No document is open.",
  noErrors: "None.",
  close: "Close",
  closeOf: (name: string): string => `Close the connection of ${name}`,
  waits: (size: string): string => `${size} wait`,
  lags: "behind",
  documentNote: (members: string, chars: string, version: string): string =>
    `${members} connected · ${chars} characters · version ${version}`,
  processNote: (connections: string, documents: string, memory: string): string =>
    `${connections} connections · ${documents} documents · ${memory}`,
  redisAway: "Redis does not answer",
};
