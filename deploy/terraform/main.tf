# StreamLens on a Kubernetes cluster that is there already: terraform init && terraform apply
terraform {
  required_version = ">= 1.6"
  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 2.35"
    }
  }
}

provider "kubernetes" {
  config_path = var.kubeconfig
}

provider "helm" {
  kubernetes = {
    config_path = var.kubeconfig
  }
}

resource "kubernetes_namespace_v1" "streamlens" {
  metadata {
    name   = var.namespace
    labels = { "pod-security.kubernetes.io/enforce" = "restricted" }
  }
}

# The connection string stays out of the values of the release. It is in Terraform's state, as every argument is: keep that where secrets are kept.
resource "kubernetes_secret_v1" "postgres" {
  metadata {
    name      = "streamlens-postgres"
    namespace = kubernetes_namespace_v1.streamlens.metadata[0].name
  }
  data = {
    dsn = var.postgres_dsn
  }
}

resource "helm_release" "streamlens" {
  name      = "streamlens"
  namespace = kubernetes_namespace_v1.streamlens.metadata[0].name
  chart     = "${path.module}/../helm/streamlens"
  # Until all pods are ready, or everything is taken back.
  atomic  = true
  timeout = 600

  values = [yamlencode({
    mode  = "distributed"
    image = { repository = var.image_repository }
    kafka = {
      brokers = var.kafka_brokers
      topics  = { partitions = var.partitions, replicationFactor = 3 }
    }
    postgres         = { existingSecret = kubernetes_secret_v1.postgres.metadata[0].name }
    metricsProcessor = { autoscaling = { enabled = true, maxReplicas = var.partitions } }
  })]
}
