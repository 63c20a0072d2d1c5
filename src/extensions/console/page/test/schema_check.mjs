// Compares values with the schemas of openapi.json: those parts of JSON Schema that it uses.

/** A function that tells where a value differs from its schema: one line for each place. */
export function checker(schemas) {
  return function differences(value, schema, at) {
    if (schema.$ref) return differences(value, schemas[schema.$ref.split('/').pop()], at);
    if (schema.anyOf) {
      const all = schema.anyOf.map((one) => differences(value, one, at));
      return all.some((one) => one.length === 0) ? [] : all[0];
    }
    if (schema.enum && !schema.enum.includes(value))
      return [`${at}: ${JSON.stringify(value)} is none of ${schema.enum}`];
    const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    const wanted = schema.type === 'integer' ? 'number' : schema.type;
    if (wanted && type !== wanted) return [`${at}: ${type}, not ${schema.type}`];
    if (schema.type === 'integer' && !Number.isInteger(value)) return [`${at}: ${value} is no integer`];
    if (schema.pattern && !new RegExp(schema.pattern).test(value))
      return [`${at}: ${JSON.stringify(value)} does not match ${schema.pattern}`];
    if (type === 'array')
      return value.slice(0, 50).flatMap((one, i) => differences(one, schema.items, `${at}[${i}]`));
    if (type !== 'object') return [];
    const found = (schema.required ?? [])
      .filter((key) => !(key in value))
      .map((key) => `${at}.${key} is missing`);
    for (const [key, member] of Object.entries(value)) {
      const known =
        schema.properties?.[key] ??
        (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
      if (known) found.push(...differences(member, known, `${at}.${key}`));
      else if (schema.additionalProperties === false) found.push(`${at}.${key} is not in the schema`);
    }
    return found;
  };
}
