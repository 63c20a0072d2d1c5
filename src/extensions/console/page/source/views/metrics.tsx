export function MetricsView(_: {query: Record<string, string>}) { return <p />; }
