export function TraceView(_: {id: string; query: Record<string, string>}) { return <p />; }
