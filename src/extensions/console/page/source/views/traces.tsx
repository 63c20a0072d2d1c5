export function TracesView(_: {query: Record<string, string>}) { return <p />; }
