export function CompareView(_: {before: string; after: string}) { return <p />; }
