export function MetricView(_: {name: string}) { return <p />; }
