export const ACTUATOR_JSON = 'application/vnd.spring-boot.actuator.v3+json'
