# The function, its role and its triggers, equal to those of scripts/deploy. A test compares the two.
#
#   scripts/package
#   mkdir -p target/function && unzip -o dist/cos-thumbnailer.zip bootstrap -d target/function
#   export TENCENTCLOUD_REGION=ap-guangzhou      # and the variables of the function, such as SOURCE_PREFIX
#   target/function/bootstrap policy   --source photos-1250000000 > deploy/terraform/policy.json
#   target/function/bootstrap triggers --source photos-1250000000 > deploy/terraform/triggers.json
#   terraform -chdir=deploy/terraform init
#   terraform -chdir=deploy/terraform apply -var region=ap-guangzhou
#
# With a thumbnails.json: scripts/package --config puts it into the zip. Unpack it beside bootstrap before bootstrap prints
# the policy. The provider cannot set the initialisation timeout (InitTimeout), which scripts/deploy sets. The default of
# the platform is 65 s; this function needs some milliseconds.

terraform {
  required_version = ">= 1.3"
  required_providers {
    local = {
      source  = "hashicorp/local"
      version = "~> 2.1"
    }
    tencentcloud = {
      source  = "tencentcloudstack/tencentcloud"
      version = "~> 1.81"
    }
  }
}

# Credentials: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.
provider "tencentcloud" {
  region = var.region
}

locals {
  # Roles and policies belong to the account, not to a region: their names contain the region.
  default_role = join("-", concat([var.function, var.region], var.namespace == "default" ? [] : [var.namespace]))
  role         = var.role == null ? local.default_role : var.role
  digest       = filesha256(var.zip)
  triggers     = jsondecode(file(var.triggers_file)).triggers
}

resource "tencentcloud_cam_role" "function" {
  name        = local.role
  description = "Made by Terraform for function ${var.function}, namespace ${var.namespace}, region ${var.region}"
  # The provider accepts lists only, where CAM also accepts strings.
  document = jsonencode({
    version = "2.0"
    statement = [{
      action    = ["name/sts:AssumeRole"]
      effect    = "allow"
      principal = { service = ["scf.qcloud.com"] }
    }]
  })
}

resource "tencentcloud_cam_policy" "function" {
  name        = local.role
  description = "Made by Terraform for function ${var.function}, namespace ${var.namespace}, region ${var.region}"
  document    = file(var.policy_file)
}

resource "tencentcloud_cam_role_policy_attachment_by_name" "function" {
  role_name   = tencentcloud_cam_role.function.name
  policy_name = tencentcloud_cam_policy.function.name
}

# The provider uploads the code when the path of the zip changes, not when its content does. The path therefore contains
# the hash of the content.
resource "local_file" "zip" {
  source   = var.zip
  filename = "${path.module}/.code/${local.digest}.zip"
}

resource "tencentcloud_scf_function" "function" {
  name              = var.function
  namespace         = var.namespace
  description       = "Made by Terraform, code sha256 ${local.digest}"
  runtime           = "CustomRuntime"
  handler           = "bootstrap.main"
  func_type         = "Event"
  zip_file          = local_file.zip.filename
  mem_size          = var.memory
  timeout           = var.timeout
  environment       = var.environment
  role              = tencentcloud_cam_role.function.name
  enable_public_net = true
  enable_eip_config = false
  dns_cache         = true

  # tencentcloud_scf_trigger does not fit: it identifies triggers by name, and all COS triggers of a bucket have one name.
  # The provider builds the domain of the bucket from name and region, and binds triggers to $LATEST. scripts/deploy binds
  # them to the alias $DEFAULT, which routes to $LATEST by default.
  dynamic "triggers" {
    for_each = local.triggers
    content {
      type         = "cos"
      name         = triggers.value.bucket
      cos_region   = triggers.value.region
      trigger_desc = jsonencode({ event = triggers.value.event, filter = { Prefix = triggers.value.prefix, Suffix = "" } })
    }
  }

  depends_on = [tencentcloud_cam_role_policy_attachment_by_name.function]
}

resource "tencentcloud_scf_function_event_invoke_config" "function" {
  function_name = tencentcloud_scf_function.function.name
  namespace     = var.namespace
  async_trigger_config {
    retry_config {
      retry_num = var.retries
    }
    msg_ttl = var.keep_events
  }
}

# The function for cos-thumbnailer sync, if it has a name: the same code, role and settings, but no triggers, and a quota of
# its own, which is also its limit.
resource "tencentcloud_scf_function" "sync" {
  count             = var.sync_function == null ? 0 : 1
  name              = var.sync_function
  namespace         = var.namespace
  description       = "Made by Terraform for sync, code sha256 ${local.digest}"
  runtime           = "CustomRuntime"
  handler           = "bootstrap.main"
  func_type         = "Event"
  zip_file          = local_file.zip.filename
  mem_size          = var.sync_memory == null ? var.memory : var.sync_memory
  timeout           = var.sync_timeout
  environment       = var.environment
  role              = tencentcloud_cam_role.function.name
  enable_public_net = true
  enable_eip_config = false
  dns_cache         = true

  depends_on = [tencentcloud_cam_role_policy_attachment_by_name.function]
}

resource "tencentcloud_scf_function_event_invoke_config" "sync" {
  count         = var.sync_function == null ? 0 : 1
  function_name = tencentcloud_scf_function.sync[0].name
  namespace     = var.namespace
  async_trigger_config {
    retry_config {
      retry_num = var.retries
    }
    msg_ttl = var.keep_events
  }
}

resource "tencentcloud_scf_reserved_concurrency_config" "sync" {
  count                    = var.sync_function == null ? 0 : 1
  function_name            = tencentcloud_scf_function.sync[0].name
  namespace                = var.namespace
  reserved_concurrency_mem = var.sync_concurrency
}
