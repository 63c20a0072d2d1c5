export function LogsView(_: {query: Record<string, string>}) { return <p />; }
