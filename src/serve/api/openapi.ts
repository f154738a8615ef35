// The OpenAPI 3.1 document, made from the schemas by which the API reads parameters.
import { z } from 'zod'
import { ErrorBody } from '../../read/objects.ts'
import { ROUTES } from './routes.ts'

export const API_BASE = '/api/v1'

type Json = Record<string, unknown>

const ERRORS = {
  400: 'The question is wrong',
  401: 'A token is needed',
  403: 'The API is not open',
  405: 'Nothing but GET is possible',
  429: 'Too many wrong tokens',
  503: 'The database cannot be used; try again later',
}

/** The document as plain JSON. */
export function openApiDocument(version: string, basePath: string): Json {
  const errors = Object.fromEntries(
    Object.entries(ERRORS).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    ]),
  )
  const paths = ROUTES.map(({ path, summary, query, answer }) => [
    path,
    {
      get: {
        operationId: path.slice(1),
        summary,
        parameters: parametersOf(query),
        responses: {
          200: {
            description: summary,
            content: { 'application/json': { schema: schemaOf(answer, 'output') } },
          },
          ...errors,
        },
      },
    },
  ])
  return {
    openapi: '3.1.0',
    info: {
      title: 'primosync',
      version,
      description: 'What the dashboard shows, as JSON. Read-only; names are those of the SQL columns.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: `${basePath}${API_BASE}` }],
    security: [{}, { token: [] }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: { Error: schemaOf(ErrorBody, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'HTTP_TOKEN, where it is set' },
      },
    },
  }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io,
    // numbers are read from text, which has a pattern
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'integer') delete jsonSchema.pattern
    },
  })
  return json
}

function parametersOf(query: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
    ...(schema.type === 'array' && { style: 'form', explode: true }),
  }))
}
