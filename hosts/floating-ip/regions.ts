/**
 * The numbers in the addresses of the vendor's route servers, by region. Its API does not tell them, and new regions come: whoever
 * deploys can give a number of their own.
 */
export const ROUTE_SERVER_NUMBERS: Readonly<Record<string, number>> = {
  "ap-northeast": 11,
  "ap-south": 9,
  "ap-southeast": 16,
  "ap-west": 14,
  "au-mel": 45,
  "br-gru": 21,
  "ca-central": 15,
  "de-fra-2": 47,
  "es-mad": 24,
  "eu-central": 10,
  "eu-west": 7,
  "fr-par": 19,
  "gb-lon": 44,
  "id-cgk": 29,
  "in-bom-2": 46,
  "in-maa": 25,
  "it-mil": 27,
  "jp-osa": 26,
  "jp-tyo-3": 49,
  "nl-ams": 22,
  "se-sto": 23,
  "sg-sin-2": 48,
  "us-central": 2,
  "us-east": 6,
  "us-iad": 17,
  "us-lax": 30,
  "us-mia": 28,
  "us-ord": 18,
  "us-sea": 20,
  "us-southeast": 4,
};

/** The four route servers behind a number. The decimal number stands where IPv6 has hexadecimal ones: that is how the vendor writes it. */
export function routeServers(number: number): readonly string[] {
  return [1, 2, 3, 4].map((server) => `2600:3c0f:${number}:34::${server}`);
}
