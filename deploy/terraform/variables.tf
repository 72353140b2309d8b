variable "kubeconfig" {
  type        = string
  description = "File that says how to reach the cluster"
  default     = "~/.kube/config"
}

variable "namespace" {
  type    = string
  default = "streamlens"
}

variable "image_repository" {
  type        = string
  description = "Where you pushed the image that deploy/Dockerfile builds, without a tag"
}

variable "kafka_brokers" {
  type        = string
  description = "host:port, separated by commas"
}

variable "partitions" {
  type        = number
  description = "Partitions of each topic: as many processors can work at a time"
  default     = 12
}

variable "postgres_dsn" {
  type        = string
  description = "postgres://user:password@host:port/database?sslmode=verify-full"
  sensitive   = true
}
