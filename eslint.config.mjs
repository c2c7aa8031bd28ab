import eslint from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Every room of docs/architecture.md. */
const ROOMS = ["bench", "cli", "components", "config", "hosts", "lab", "policy", "review", "stacks", "test"];

/** Which other rooms a room may import. Tests and benchmarks may import them all. */
const ARROWS = {
  hosts: [],
  components: ["hosts"],
  // The error class for people, and what is a host name, a port or a network.
  config: ["components/internal/errors", "components/internal/rules"],
  stacks: ["components", "config", "hosts"],
  cli: ["components", "config", "hosts", "review"],
  review: [],
  policy: ["review"],
  lab: [],
};

/** Packages that a room has no business with. */
const FOREIGN_PACKAGES = {
  hosts: ["^@pulumi/", "^@linode/", "^fastify$", "^ssh2$", "^commander$"],
  components: ["^@linode/", "^fastify$", "^commander$"],
  config: ["^@pulumi/", "^@linode/", "^fastify$", "^ssh2$", "^commander$"],
  stacks: ["^@linode/", "^fastify$", "^ssh2$", "^commander$"],
  review: ["^@pulumi/", "^@linode/", "^fastify$", "^ssh2$", "^commander$"],
  policy: ["^@linode/", "^fastify$", "^ssh2$", "^commander$"],
};

function arrowsOf([room, allowed]) {
  const whole = allowed.filter((path) => ROOMS.includes(path));
  const parts = allowed.filter((path) => !ROOMS.includes(path));
  const forbidden = ROOMS.filter((other) => other !== room && !whole.includes(other));
  const except = parts.length === 0 ? "" : `(?!${parts.map((part) => `${part}$`).join("|")})`;
  const patterns = [
    {
      regex: `^(\\.\\./)+${except}(${forbidden.join("|")})(/|$)`,
      message: `${room}/ may import only: ${[room, ...allowed].join(", ")} (docs/architecture.md, the arrows).`,
    },
    ...(FOREIGN_PACKAGES[room] ?? []).map((regex) => ({
      regex,
      message: `${room}/ has no business with this package (docs/architecture.md).`,
    })),
  ];
  return { files: [`${room}/**/*.ts`], rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns }] } };
}

export default defineConfig(
  globalIgnores(["dist/", "coverage/", "node_modules/", "docs/api/"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      // Numbers and booleans read well in texts; objects still do not.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // `type` keeps index signatures open to Record<string, …>, which Pulumi's outputs need.
      "@typescript-eslint/consistent-type-definitions": "off",
      // `environment["LINODE_URL"]` says that the key comes from outside.
      "@typescript-eslint/dot-notation": "off",
      // An interface may be asynchronous where one of its implementations is not.
      "@typescript-eslint/require-await": "off",
      // It would ask for the `!` that another rule forbids.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "TSEnumDeclaration",
          message: "Use a union of string literals: it needs no code and reads the same in JSON.",
        },
      ],
    },
  },
  ...Object.entries(ARROWS).map(arrowsOf),
  {
    files: ["components/**/*.ts", "hosts/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "MemberExpression[object.name='pulumi'][property.name='Config']",
          message: "A component never reads Pulumi config: take it as an argument (docs/architecture.md).",
        },
      ],
    },
  },
  {
    files: ["test/**/*.ts", "bench/**/*.ts"],
    rules: {
      // A test may say what must be there; it fails when it is not.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-empty-function": "off",
      // Jest's matchers (`expect.stringContaining`) are typed any.
      "@typescript-eslint/no-unsafe-assignment": "off",
    },
  },
  { files: ["bench/**/*.ts", "hosts/printPackages.ts"], rules: { "no-console": "off" } },
  {
    // Documents of the API and of the engine: what a field holds is decided by a schema, not by a type.
    files: ["lab/api/**/*.ts", "lab/engine/plugins/**/*.ts"],
    rules: { "@typescript-eslint/no-base-to-string": "off" },
  },
  {
    // A view's shape is what it returns; its type would only repeat it.
    files: ["lab/api/views/**/*.ts"],
    rules: { "@typescript-eslint/explicit-module-boundary-types": "off" },
  },
  {
    files: ["**/*.js", "bin/*"],
    languageOptions: {
      sourceType: "commonjs",
      globals: {
        require: "readonly",
        module: "writable",
        process: "readonly",
        __dirname: "readonly",
        console: "readonly",
        setTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
      },
    },
  },
);
